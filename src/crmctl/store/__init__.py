"""What a workspace keeps."""
