"""What people look at: the viewer."""
