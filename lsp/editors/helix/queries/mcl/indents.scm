[
  (block)
  (body)
  (resource_body)
  (list)
  (map)
  (struct)
  (arguments)
  (parameters)
] @indent

[
  "}"
  "]"
  ")"
] @outdent
