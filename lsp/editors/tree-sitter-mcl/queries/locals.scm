(source_file) @local.scope
(block) @local.scope
(lambda) @local.scope
(function_definition) @local.scope
(class_definition) @local.scope
(for_statement) @local.scope

(bind name: (variable_name) @local.definition.var)
(parameter name: (variable_name) @local.definition.parameter)
(for_statement key: (variable_name) @local.definition.var)
(for_statement value: (variable_name) @local.definition.var)
(function_definition name: (identifier) @local.definition.function)
(class_definition name: (kind) @local.definition.type)
(import alias: (identifier) @local.definition.import)
(include alias: (identifier) @local.definition.namespace)

(variable) @local.reference
(call function: (dotted_name) @local.reference)
(include class: (dotted_name) @local.reference)
