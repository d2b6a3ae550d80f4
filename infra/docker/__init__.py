"""Docker: the files of docker-compose.yml, and stand-ins for images where no registry can be reached."""
