"""Named recipes, one file each; every module here that defines `RECIPE` is one."""
