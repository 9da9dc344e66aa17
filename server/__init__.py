"""The server: commits to SQL, then tells; decides who may see what; delivers; records."""
