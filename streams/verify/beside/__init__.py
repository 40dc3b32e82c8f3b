"""What a redacted file holds beside its picture: other streams, sound, tags, pictures within."""
