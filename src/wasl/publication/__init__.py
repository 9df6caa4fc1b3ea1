"""Dataset description, DDI, file formats, dictionary, manifest, signature."""
