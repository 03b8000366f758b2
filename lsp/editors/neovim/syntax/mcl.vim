" Colours for mcl, for editors without semantic tokens and tree-sitter: Neovim before 0.9, and Vim.

if exists("b:current_syntax")
  finish
endif

syntax match mclResource "^\s*\zs\l[a-z0-9_:]*\ze\s\+[\"$\[]"
syntax match mclField "^\s*\zs\l[a-z0-9_]*\ze\s*=>"
syntax match mclEnd "\<\u[A-Za-z0-9_:]*\ze\["
syntax match mclMeta "\<\u[a-z]*\%(:\l\+\)\?\ze\s*=>"
syntax match mclFunction "\<\l[a-z0-9_.:]*\ze("
syntax match mclVariable "\$\l[a-z0-9_.]*"
syntax match mclNumber "\<\d\+\%(\.\d\+\)\?\>"
syntax match mclOperator "=>\|->\|<|>\|?:\|[=!<>]=\|[-+*/<>=]"
syntax keyword mclConditional if else
syntax keyword mclRepeat for forkv
syntax keyword mclKeyword class func include collect panic
syntax keyword mclImport import as
syntax keyword mclWord and or not in
syntax keyword mclBoolean true false
syntax keyword mclType bool str int float map struct variant
syntax match mclComment "#.*$" contains=@Spell
syntax region mclString start=+"+ skip=+\\.+ end=+"+ contains=mclEscape,mclInterpolation
syntax match mclEscape "\\." contained
syntax match mclInterpolation "\${[^}]*}" contained

highlight default link mclResource Type
highlight default link mclField Identifier
highlight default link mclEnd Type
highlight default link mclMeta PreProc
highlight default link mclFunction Function
highlight default link mclVariable Identifier
highlight default link mclNumber Number
highlight default link mclOperator Operator
highlight default link mclConditional Conditional
highlight default link mclRepeat Repeat
highlight default link mclKeyword Keyword
highlight default link mclImport Include
highlight default link mclWord Operator
highlight default link mclBoolean Boolean
highlight default link mclType Type
highlight default link mclComment Comment
highlight default link mclString String
highlight default link mclEscape SpecialChar
highlight default link mclInterpolation Special

let b:current_syntax = "mcl"
