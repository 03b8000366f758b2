vim.bo.commentstring = "# %s"
vim.bo.expandtab = false
vim.bo.shiftwidth = 0

require("mgmt").attach()

-- Neovim 0.8 and newer do so themselves.
vim.bo.omnifunc = "v:lua.vim.lsp.omnifunc"
if vim.lsp.tagfunc then
	vim.bo.tagfunc = "v:lua.vim.lsp.tagfunc"
end
