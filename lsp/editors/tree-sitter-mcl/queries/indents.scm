[
  (block)
  (body)
  (resource_body)
  (list)
  (map)
  (struct)
  (arguments)
  (parameters)
] @indent.begin

[
  "}"
  "]"
  ")"
] @indent.branch @indent.end

(string) @indent.ignore
(ERROR) @indent.auto
