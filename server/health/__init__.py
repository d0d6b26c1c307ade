"""How the house is: which processes are at work, what is late, what was given up."""
