-- For Neovim 0.11 and newer: `vim.lsp.enable("mgmt")`.
return require("mgmt").config
