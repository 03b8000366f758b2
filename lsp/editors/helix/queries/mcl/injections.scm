((comment) @injection.content
  (#set! injection.language "comment"))

; The script of an exec with a shell, and a template.
((resource
  kind: (kind) @_kind
  body: (resource_body
    (field
      name: (identifier) @_name
      value: (string (string_content) @injection.content))))
  (#eq? @_kind "exec")
  (#any-of? @_name "cmd" "ifcmd" "watchcmd" "nifcmd" "donecmd")
  (#set! injection.language "bash"))
