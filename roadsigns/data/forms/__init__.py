"""The forms that labelled pictures come in, each a room: what it is recognised by, and how it is read."""
