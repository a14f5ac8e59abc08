"""Pages as people have them: whole documents, screens, charts and signs of many tiles, in English and Chinese."""
