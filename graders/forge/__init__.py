"""The local stand-in for GitHub: protected main and pull requests, in a bare repository."""
