"""Compares chatapp with the chats one would write with other libraries, on the same machine and in the same run."""
