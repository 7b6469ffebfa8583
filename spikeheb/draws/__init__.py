"""Random numbers and spike trains, functions of a seed alone, so that every engine can be given the same ones."""
