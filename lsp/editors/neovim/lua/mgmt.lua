-- Attaches mgmt-lsp to the buffers with mcl.

local M = {}

--- What `vim.lsp` is told. Change it before the first mcl file is opened.
M.config = {
	name = "mgmt",
	cmd = { "mgmt-lsp" },
	filetypes = { "mcl" },
	root_markers = { "metadata.yaml", ".git" },
}

--- The nearest directory above a file that holds one of the root markers, or the file's own.
local function root(file)
	local directory = vim.fn.fnamemodify(file, ":p:h")
	local at = directory
	while true do
		for _, marker in ipairs(M.config.root_markers) do
			if (vim.uv or vim.loop).fs_stat(at .. "/" .. marker) then
				return at
			end
		end
		local parent = vim.fn.fnamemodify(at, ":h")
		if parent == at then
			return directory
		end
		at = parent
	end
end

-- Before Neovim 0.8 nobody else remembers which clients run.
local clients = {}

--- Starts the server for the current buffer, or attaches the one that runs for its project.
function M.attach()
	local buffer = vim.api.nvim_get_current_buf()
	local file = vim.api.nvim_buf_get_name(buffer)
	if file == "" then
		return
	end
	local config = vim.tbl_extend("force", M.config, { root_dir = root(file) })
	if vim.lsp.start then
		return vim.lsp.start(config)
	end
	local id = clients[config.root_dir]
	if not id or vim.lsp.client_is_stopped(id) then
		id = vim.lsp.start_client(config)
		clients[config.root_dir] = id
	end
	if id then
		vim.lsp.buf_attach_client(buffer, id)
	end
	return id
end

return M
