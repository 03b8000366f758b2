[
  (block)
  (body)
  (resource_body)
  (list)
  (map)
  (struct)
  (arguments)
  (parameters)
] @fold

(import)+ @fold
(comment)+ @fold
