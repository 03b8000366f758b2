(function_definition name: (identifier) @name) @definition.function
(class_definition name: (kind) @name) @definition.class
(call function: (dotted_name) @name) @reference.call
(include class: (dotted_name) @name) @reference.class
