"""What a buyer is promised, wherever the conversation stands when the money comes."""
