(function_definition body: (_) @function.inside) @function.around
(lambda body: (_) @function.inside) @function.around

(class_definition body: (block) @class.inside) @class.around
(resource body: (resource_body) @class.inside) @class.around

(parameters (parameter) @parameter.inside)
(arguments (_) @parameter.inside)

(comment) @comment.inside
(comment)+ @comment.around

(list (_) @entry.inside)
(map (_) @entry.inside)
(field) @entry.around
