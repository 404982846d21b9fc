"""The programming languages whose code is coloured: what their comments, strings and words look like.

Every pattern takes each character a few times at most, also where what it began with never ends; a general library
needs seconds for a few thousand characters that are chosen badly (docs/decisions/0025-text.md).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

TO_LINE_END = r"[^\n]*"
STARS = r"/\*(?:[^*]|\*(?!/))*(?:\*/)?"
SLASHES = rf"//{TO_LINE_END}|{STARS}"
HASH = rf"(?<!\S)\#{TO_LINE_END}"
DASHES = rf"--{TO_LINE_END}"
SEMICOLON = rf"(?<!\S);{TO_LINE_END}"
DOUBLE = r'"(?:[^"\\\n]|\\.)*"?'
SINGLE = r"'(?:[^'\\\n]|\\.)*'?"
BOTH = f"{DOUBLE}|{SINGLE}"
BACKTICKS = r"`(?:[^`\\]|\\.)*`?"
CHARACTER = rf"{DOUBLE}|'(?:[^'\\\n]|\\[^\n']{{1,9}})'"
TRIPLE = r'"""(?:[^"\\]|\\.|"(?!""))*(?:""")?' + r"|'''(?:[^'\\]|\\.|'(?!''))*(?:''')?|" + BOTH
NUMBER = r"\b(?:0[xob][\da-f_]+|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?)\w{0,4}\b"
CALLED = r"\b[^\W\d]\w*(?=\()"
VALUE = r"(?P<fun_>(?<![^\s{,])[\w.$@/-]{1,99}(?=[ \t]{0,9}[:=]))"
SECTION = r"(?P<key_>(?<!\S)\[[^\]\n]*\]?)"

C = """
    break case const continue default do else enum extern for goto if return sizeof static struct switch typedef
    union void while bool char double float int long short signed unsigned true false NULL"""
CPP = f"""{C}
    auto catch class constexpr delete friend inline namespace new nullptr operator override private protected public
    template this throw try typename using virtual"""
JVM = """
    abstract break case catch class continue default do else enum extends final finally for if implements import
    instanceof interface new null package private protected public return static super switch this throw throws try
    var void while true false boolean byte char double float int long short"""
CSHARP = f"""{JVM}
    async await base bool const decimal foreach get in is lock namespace out override readonly ref sealed set string
    struct using virtual yield"""
KOTLIN = f"""{JVM} by companion data fun in init internal is lateinit object open override sealed suspend val when"""
SCALA = f"""{JVM} def given implicit lazy match object sealed trait type val with yield"""
JS = """
    as async await break case catch class const continue debugger default delete do else export extends false
    finally for from function if import in instanceof let new null of return static super switch this throw true try
    typeof undefined var void while yield"""
TS = f"""{JS}
    abstract any boolean declare enum implements interface keyof namespace never number private protected public
    readonly string type unknown"""
GO = """
    break case chan const continue default defer else fallthrough for func go goto if import interface map package
    range return select struct switch type var true false nil bool byte error int int64 float64 rune string uint"""
RUST = """
    as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move
    mut pub ref return self Self static struct super trait true type unsafe use where while bool char f32 f64 i32
    i64 str u8 u32 u64 usize String"""
SWIFT = """
    as break case catch class continue default defer do else enum extension false for func guard if import in init
    inout is let nil private protocol public return self static struct super switch throw throws true try var where
    while"""
PHP = """
    abstract as break case catch class const continue default do echo else elseif extends final finally fn for
    foreach function if implements interface match namespace new null private protected public require return static
    switch this throw trait true false try use var while yield"""
PYTHON = """
    and as assert async await break case class continue def del elif else except False finally for from global if
    import in is lambda match None nonlocal not or pass raise return self True try while with yield"""
RUBY = """
    alias and begin break case class def do else elsif end ensure false for if in module next nil not or redo
    require rescue return self super then true unless until when while yield"""
SHELL = """
    case cd do done echo elif else esac eval exec exit export false fi for function if in local read return set
    shift source sudo test then true until while"""
PERL = """
    and else elsif for foreach if last local my next no not or our package print return sub undef unless until use
    while"""
R = "break else FALSE for function if in library Inf NA next NULL repeat return TRUE while"
ELIXIR = """
    after alias and case cond def defmodule defp do else end false fn for if import in nil not or raise receive
    rescue true try unless use when with"""
HASKELL = "case class data deriving do else if import in infix instance let module newtype of otherwise then type where"
LUA = "and break do else elseif end false for function goto if in local nil not or repeat return then true until while"
SQL = """
    add all alter and as asc begin between by case check column commit constraint create cross database default
    delete desc distinct drop else end exists explain foreign from full group having if in index inner insert into
    is join key left like limit not null offset on or order outer primary references returning right rollback select
    set table then transaction true false union unique update using values view when where with"""
POWERSHELL = """
    begin break catch continue do else elseif end exit finally for foreach function if in param process return
    switch throw try until while"""
DOCKER = "add arg cmd copy entrypoint env expose from healthcheck label run shell user volume workdir as"
HCL = "data dynamic false for in locals module null output provider resource terraform true variable"
MAKE = "define else endef endif export ifdef ifeq ifndef ifneq include override"
GRAPHQL = (
    "enum false fragment implements input interface mutation null on query scalar schema subscription true type union"
)
CONFIGURED = "true false yes no on off null none"


class Language(NamedTuple):
    """Patterns for comments and strings, its key words; ``more`` is tried first and names its groups itself."""

    comment: str
    string: str
    words: str
    more: str = ""
    flags: int = re.DOTALL

    def compiled(self) -> re.Pattern[str]:
        keys = "|".join(self.words.split())
        parts = [f"(?P<com>{self.comment})", f"(?P<str>{self.string})", f"(?P<num>{NUMBER})"]
        parts += [rf"(?P<key>(?<![\w$@.-])(?:{keys})\b(?!-))", f"(?P<fun>{CALLED})"]
        return re.compile("|".join([self.more, *parts] if self.more else parts), self.flags)


class Markup(NamedTuple):
    """A language that has no words: one pattern with named groups."""

    pattern: str
    flags: int

    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, self.flags)


ANY_CASE = re.DOTALL | re.IGNORECASE
TAGS = (
    r"(?P<com><!--(?:[^-]|-(?!->))*(?:-->)?)|(?P<key></?[a-z][\w:-]*|/?>)"
    r"|(?P<str>(?<==)(?:\"[^\"]*\"?|'[^']*'?))|(?P<fun>(?<=\s)[\w:@.-]+(?==))"
)
CHANGES = r"^(?:(?P<com>(?:\+\+\+|---|@@|diff|index)[^\n]*)|(?P<ins>\+[^\n]*)|(?P<del>-[^\n]*))"
NAMES = r'(?P<fun_>"(?:[^"\\\n]|\\.)*"(?=\s{0,9}:))'
RULES = r"(?P<fun_>[\w-]{1,99}(?=[ \t]{0,9}:[ \t]))|(?P<key_>@[\w-]+)"
TARGETS = r"(?P<fun_>\$[({]\w+[)}]|(?<![^\n])[\w./%-]+(?=:))"

# By what people write after the three backticks.
_KNOWN: Final[dict[str, Language | Markup]] = {
    "bash sh shell zsh console": Language(HASH, BOTH, SHELL),
    "c h": Language(rf"{SLASHES}|\#[ ]*\w+", CHARACTER, C),
    "cpp c++ cc hpp": Language(rf"{SLASHES}|\#[ ]*\w+", CHARACTER, CPP),
    "csharp cs c#": Language(SLASHES, CHARACTER, CSHARP),
    "css scss": Language(STARS, BOTH, "important", RULES),
    "diff patch": Markup(CHANGES, re.MULTILINE),
    "docker dockerfile": Language(HASH, BOTH, DOCKER, flags=ANY_CASE),
    "elixir ex exs": Language(HASH, TRIPLE, ELIXIR),
    "go golang": Language(SLASHES, f"{CHARACTER}|{BACKTICKS}", GO),
    "graphql gql": Language(HASH, TRIPLE, GRAPHQL),
    "haskell hs": Language(rf"{DASHES}|\{{-(?:[^-]|-(?!\}}))*(?:-\}})?", CHARACTER, HASKELL),
    "hcl terraform tf": Language(f"{HASH}|{SLASHES}", DOUBLE, HCL),
    "html xml svg htm": Markup(TAGS, re.IGNORECASE),
    "ini conf cfg properties": Language(f"{HASH}|{SEMICOLON}", BOTH, CONFIGURED, f"{SECTION}|{VALUE}"),
    "java": Language(SLASHES, CHARACTER, JVM),
    "javascript js jsx mjs node": Language(SLASHES, f"{BOTH}|{BACKTICKS}", JS),
    "json jsonc json5": Language(SLASHES, DOUBLE, "true false null", NAMES),
    "kotlin kt": Language(SLASHES, CHARACTER, KOTLIN),
    "lua": Language(DASHES, BOTH, LUA),
    "make makefile": Language(HASH, BOTH, MAKE, TARGETS),
    "nginx": Language(HASH, BOTH, "server location upstream http events if return on off"),
    "perl pl": Language(HASH, BOTH, PERL),
    "php": Language(f"{HASH}|{SLASHES}", BOTH, PHP, r"(?P<com_><\?php|\?>)"),
    "powershell ps1 pwsh": Language(HASH, BOTH, POWERSHELL, flags=ANY_CASE),
    "python py pycon python3": Language(HASH, TRIPLE, PYTHON, r"(?P<fun_>@[\w.]+)"),
    "r": Language(HASH, BOTH, R),
    "ruby rb": Language(HASH, BOTH, RUBY),
    "rust rs": Language(SLASHES, CHARACTER, RUST, r"(?P<fun_>\b\w+!(?=[(\[{]))"),
    "scala": Language(SLASHES, CHARACTER, SCALA),
    "sql psql postgres mysql sqlite": Language(f"{DASHES}|{STARS}", BOTH, SQL, flags=ANY_CASE),
    "swift": Language(SLASHES, TRIPLE, SWIFT),
    "toml": Language(HASH, TRIPLE, "true false", f"{SECTION}|{VALUE}"),
    "typescript ts tsx": Language(SLASHES, f"{BOTH}|{BACKTICKS}", TS),
    "yaml yml": Language(HASH, BOTH, CONFIGURED, VALUE),
}
LANGUAGES: Final = {name: language for names, language in _KNOWN.items() for name in names.split()}


@cache
def pattern(name: str) -> re.Pattern[str]:
    """What finds the words of one of :data:`LANGUAGES`; a match's last group names the kind (``fun_`` is ``fun``)."""
    return LANGUAGES[name].compiled()
