; The scopes are those of Helix: <https://docs.helix-editor.com/themes.html#syntax-highlighting>.
; What a later pattern says of a node wins over what an earlier one says.

(comment) @comment

(string) @string
(escape) @constant.character.escape
(interpolation ["${" "}"] @punctuation.special)
(interpolation (identifier) @variable)
(invalid) @error

(integer) @constant.numeric.integer
(float) @constant.numeric.float
(boolean) @constant.builtin.boolean

[
  "class"
  "func"
] @keyword.function

[
  "if"
  "else"
] @keyword.control.conditional

[
  "for"
  "forkv"
] @keyword.control.repeat

[
  "import"
  "as"
  "include"
] @keyword.control.import

"collect" @keyword
(panic "panic" @keyword.control.exception)

[
  "and"
  "or"
  "not"
  "in"
] @keyword.operator

[
  "="
  "=>"
  "->"
  "<|>"
  "?:"
  "<"
  ">"
  "<="
  ">="
  "=="
  "!="
  "+"
  "-"
  "*"
  "/"
] @operator

[
  "{"
  "}"
  "("
  ")"
  "["
  "]"
] @punctuation.bracket

[
  ","
  ";"
  ":"
  "."
] @punctuation.delimiter

(primitive_type) @type.builtin
(map_type "map" @type.builtin)
(struct_type "struct" @type.builtin)
(function_type "func" @type.builtin)
(struct "struct" @type.builtin)

(variable) @variable
(variable_name) @variable
(parameter name: (variable_name) @variable.parameter)
(type_argument name: (variable_name) @variable.parameter)

((variable) @constant.builtin
  (#match? @constant.builtin "^\\$const\\."))

(call function: (dotted_name) @function)
(call function: (variable) @function)
(function_definition name: (identifier) @function)
(class_definition name: (kind) @type)
(include class: (dotted_name) @type)
(include alias: (identifier) @namespace)
(import path: (string) @string.special.path)
(import alias: (identifier) @namespace)

(resource kind: (kind) @type)
(edge_half kind: (capitalized_kind) @type)
(field name: (identifier) @variable.other.member)
(member name: (identifier) @variable.other.member)
(struct_field name: (identifier) @variable.other.member)
(field_access field: (identifier) @variable.other.member)
(edge field: (identifier) @variable.other.member)
(meta name: (capitalized) @attribute)
(meta property: (identifier) @attribute)
(internal_edge property: (capitalized) @attribute)
