/** YOURS. Styles are imported for `ledge bundle`, which puts them beside the script; there is nothing in them for the script itself. */

declare module "*.css" {}
