vim.bo.commentstring = "# %s"
vim.bo.expandtab = false
vim.bo.shiftwidth = 0

require("mgmt").attach()
