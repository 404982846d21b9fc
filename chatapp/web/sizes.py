"""What a file is and how large, in a few words."""

from __future__ import annotations

from chatapp.core import files
from chatapp.core.models import Attachment
from chatapp.web.language import _


def about(attachment: Attachment) -> str:
    """As in HTML, 48 KiB."""
    return f"{files.kind(attachment.name) or _('File')}, {files.size(attachment.size)}"
