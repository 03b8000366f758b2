-- Drives mgmt-lsp as a user's Neovim does, and writes what came of it, one line a check, to the file that
-- MGMT_NEOVIM_REPORT names. Run by tests/editors.rs.

local report = assert(io.open(assert(os.getenv("MGMT_NEOVIM_REPORT")), "w"))
local failed = false

local function check(name, good, detail)
	failed = failed or not good
	report:write((good and "ok " or "FAILED ") .. name .. (good and "" or ": " .. vim.inspect(detail)) .. "\n")
	report:flush()
end

local function wait(condition)
	return vim.wait(30000, condition, 5)
end

--- Asks the server, and gives its result.
local function ask(method, position)
	local params = { textDocument = vim.lsp.util.make_text_document_params() }
	if position then
		params.position = { line = position[1], character = position[2] }
	end
	if method == "textDocument/references" then
		params.context = { includeDeclaration = true }
	end
	local answers, problem = vim.lsp.buf_request_sync(0, method, params, 30000)
	if not answers then
		return nil, problem
	end
	for _, answer in pairs(answers) do
		return answer.result, answer.error
	end
end

local ok, problem = xpcall(function()
	vim.cmd("edit site.mcl")
	check("the file type is known", vim.bo.filetype == "mcl", vim.bo.filetype)
	vim.cmd("syntax on")
	local function colour(line, column)
		return vim.fn.synIDattr(vim.fn.synID(line, column, 1), "name")
	end
	local colours = { colour(1, 2), colour(1, 14), colour(3, 1), colour(4, 1), colour(5, 3) }
	local expected = { "mclVariable", "mclString", "mclComment", "mclResource", "mclField" }
	check("there are colours before the server says anything", vim.deep_equal(colours, expected), colours)
	local attached = wait(function()
		local _, client = next(vim.lsp.buf_get_clients(0))
		return client and client.initialized
	end)
	check("the server attaches", attached)
	assert(attached)

	wait(function() return #vim.diagnostic.get(0) > 0 end)
	local found = vim.diagnostic.get(0)
	check("an error is shown where it is", #found == 1 and found[1].lnum == 5, found)

	vim.api.nvim_buf_set_lines(0, 5, 6, true, { "\tcontent => $greeting," })
	check("it goes when it is mended", wait(function() return #vim.diagnostic.get(0) == 0 end), vim.diagnostic.get(0))

	local hover = ask("textDocument/hover", { 0, 2 })
	check("hover shows a type", hover and vim.inspect(hover):find("str"), hover)

	local definition = ask("textDocument/definition", { 5, 14 })
	definition = definition and (definition[1] or definition)
	local range = definition and (definition.range or definition.targetSelectionRange)
	check("the definition is found", range and range.start.line == 0, definition)

	vim.api.nvim_win_set_cursor(0, { 6, 14 })
	vim.cmd([[execute "normal! \<C-]>"]])
	check("CTRL-] goes there", vim.fn.line(".") == 1, vim.fn.line("."))
	vim.cmd([[execute "normal! \<C-t>"]])
	check("CTRL-T goes back", vim.fn.line(".") == 6, vim.fn.line("."))

	local references = ask("textDocument/references", { 0, 2 })
	check("references are found", references and #references == 2, references)

	local symbols = ask("textDocument/documentSymbol")
	check("symbols are listed", symbols and #symbols > 0, symbols)

	vim.api.nvim_buf_set_lines(0, 5, 6, true, { "\tcontent => $greeting,", "\tmo" })
	local completion = ask("textDocument/completion", { 6, 3 })
	local labels = {}
	for _, item in ipairs(completion and (completion.items or completion) or {}) do
		labels[item.label] = true
	end
	check("parameters are completed", labels.mode, labels)
	vim.api.nvim_buf_set_lines(0, 6, 7, true, {})

	vim.api.nvim_buf_set_lines(0, 5, 6, true, { "content   =>   $greeting," })
	if vim.lsp.buf.format then
		vim.lsp.buf.format({ timeout_ms = 30000 })
	else
		vim.lsp.buf.formatting_sync(nil, 30000)
	end
	local line = vim.api.nvim_buf_get_lines(0, 5, 6, true)[1]
	check("the text is formatted", line == "\tcontent => $greeting,", line)

	local _, client = next(vim.lsp.buf_get_clients(0))
	client.stop()
	check("the server ends", wait(function() return client.is_stopped() end))
end, debug.traceback)
check("the test reaches its end", ok, problem)
report:close()
vim.cmd(failed and "cquit 1" or "qall!")
