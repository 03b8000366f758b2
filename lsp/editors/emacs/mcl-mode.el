;;; mcl-mode.el --- Major mode for mcl, the language of mgmt  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: GPL-3.0-or-later
;; Version: 0.1.0
;; Package-Requires: ((emacs "26.1"))
;; Keywords: languages

;;; Commentary:

;; Colours, comments and indentation for mcl, and mgmt-lsp through eglot:
;;
;;     (require 'mcl-mode)
;;     (add-hook 'mcl-mode-hook #'eglot-ensure)

;;; Code:

(defvar eglot-server-programs)

(defconst mcl-mode-keywords
  '("and" "as" "class" "collect" "else" "for" "forkv" "func" "if" "import" "in" "include" "not" "or"
    "panic")
  "The words of mcl that are no names.")

(defconst mcl-mode-types
  '("bool" "float" "int" "map" "str" "struct" "variant")
  "The types of mcl.")

(defconst mcl-mode-font-lock
  `((,(concat "\\_<" (regexp-opt mcl-mode-keywords t) "\\_>") . font-lock-keyword-face)
    (,(concat "\\_<" (regexp-opt mcl-mode-types t) "\\_>") . font-lock-type-face)
    ("\\_<\\(true\\|false\\)\\_>" . font-lock-constant-face)
    ("\\$[a-z][a-z0-9_.]*" . font-lock-variable-name-face)
    ("\\_<func\\s-+\\([a-z][a-z0-9_]*\\)" 1 font-lock-function-name-face)
    ("\\_<\\(?:class\\|include\\)\\s-+\\([a-z][a-z0-9_:.]*\\)" 1 font-lock-type-face t)
    ("^\\s-*\\([a-z][a-z0-9_:]*\\)\\s-+[\"$[]" 1 font-lock-type-face)
    ("\\_<\\([A-Z][a-z0-9_:]*\\)\\s-*\\[" 1 font-lock-type-face)
    ("\\_<\\(Meta\\|Before\\|Depend\\|Notify\\|Listen\\)\\_>" . font-lock-builtin-face))
  "What `mcl-mode' colours.")

(defvar mcl-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?\\ "\\" table)
    (modify-syntax-entry ?_ "_" table)
    ;; Part of the name, as the server says it.
    (modify-syntax-entry ?$ "_" table)
    table)
  "The syntax of mcl.")

(defun mcl-mode-indent-line ()
  "Indent a line by how deep it stands in brackets."
  (interactive)
  (let* ((closes (save-excursion (back-to-indentation) (looking-at-p "[])}]")))
         (depth (save-excursion (back-to-indentation) (car (syntax-ppss))))
         (column (* tab-width (max 0 (if closes (1- depth) depth)))))
    (unless (save-excursion (beginning-of-line) (nth 3 (syntax-ppss)))
      (if (<= (current-column) (current-indentation))
          (indent-line-to column)
        (save-excursion (indent-line-to column))))))

;;;###autoload
(define-derived-mode mcl-mode prog-mode "mcl"
  "Major mode for mcl, the language of mgmt."
  (setq-local comment-start "# ")
  (setq-local comment-start-skip "#+\\s-*")
  (setq-local indent-tabs-mode t)
  (setq-local indent-line-function #'mcl-mode-indent-line)
  (setq-local font-lock-defaults '(mcl-mode-font-lock)))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.mcl\\'" . mcl-mode))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(mcl-mode . ("mgmt-lsp"))))

(provide 'mcl-mode)
;;; mcl-mode.el ends here
