"""Equation text: one gate in, one tree, several printers out.

No text from a file reaches Brian2, a compiler or Python before `gate` has turned it into a tree of `tree` nodes,
and what is handed on is printed from that tree.
"""
