; What a later pattern says of a node wins over what an earlier one says.

(comment) @comment @spell

(string) @string
(escape) @string.escape
(interpolation ["${" "}"] @punctuation.special)
(interpolation (identifier) @variable)
(invalid) @error

(integer) @number
(float) @number.float
(boolean) @boolean

[
  "class"
  "func"
] @keyword.function

[
  "if"
  "else"
] @keyword.conditional

[
  "for"
  "forkv"
] @keyword.repeat

[
  "import"
  "as"
  "include"
] @keyword.import

"collect" @keyword
(panic "panic" @keyword.exception)

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

(call function: (dotted_name) @function.call)
(call function: (variable) @function.call)
(function_definition name: (identifier) @function)
(class_definition name: (kind) @type.definition)
(include class: (dotted_name) @type)
(include alias: (identifier) @module)
(import path: (string) @string.special.path)
(import alias: (identifier) @module)

(resource kind: (kind) @type)
(edge_half kind: (capitalized_kind) @type)
(field name: (identifier) @property)
(member name: (identifier) @property)
(struct_field name: (identifier) @property)
(field_access field: (identifier) @property)
(edge field: (identifier) @property)
(meta name: (capitalized) @attribute)
(meta property: (identifier) @attribute)
(internal_edge property: (capitalized) @attribute)
