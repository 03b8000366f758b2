(source_file) @local.scope
(block) @local.scope
(lambda) @local.scope
(function_definition) @local.scope
(class_definition) @local.scope
(for_statement) @local.scope

(parameter name: (variable_name) @local.definition.variable.parameter)

(variable) @local.reference
