"""Measures a chat from outside: starts servers, speaks to them as their clients do, and checks every delivery."""
