"""What a program comes to as text: C++ for lanes and for tiles, and numpy."""
