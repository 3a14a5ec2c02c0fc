"""The reference pages, each module one: ``pages()`` gives the text of each by its path below ``docs``."""
