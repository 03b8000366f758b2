autocmd BufRead,BufNewFile *.mcl set filetype=mcl
