"""Where secret values rest: an encrypted file."""
