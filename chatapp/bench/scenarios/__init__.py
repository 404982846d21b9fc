"""What is measured: each file one situation of a chat, from its set-up to its figures."""
