"""What options hold: numbers, words, sizes, places."""
