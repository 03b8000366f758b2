;;; client.el --- Emacs without a screen, at work on site.mcl  -*- lexical-binding: t -*-

;;; Commentary:

;; tests/editors.rs runs this in the directory of site.mcl:
;;
;;     emacs -Q --batch -L lsp/editors/emacs -l lsp/editors/emacs/test/client.el
;;
;; What was checked is printed, a line each; the first thing that is wrong ends it.

;;; Code:

(require 'package)
;; Where Debian has eglot for Emacs 28; newer ones bring it along.
(add-to-list 'package-directory-list "/usr/share/emacs/site-lisp/elpa")
(package-initialize)
(require 'eglot)
(require 'flymake)
(require 'mcl-mode)

(defconst client-deadline 60 "So many seconds nothing takes.")

(defun client-wait (what condition)
  "Wait until CONDITION gives something, and give it; WHAT says what it is."
  (let ((end (+ (float-time) client-deadline)) found)
    (while (not (setq found (funcall condition)))
      (when (> (float-time) end)
        (error "Waited in vain for %s" what))
      (accept-process-output nil 0.02))
    (message "ok %s" what)
    found))

(defun client-check (what is-so)
  "End with an error that says WHAT unless IS-SO."
  (unless is-so
    (error "Wrong: %s" what))
  (message "ok %s" what))

(defun client-go (text)
  "Go to the end of TEXT, from the beginning of the buffer."
  (goto-char (point-min))
  (search-forward text))

(setq eglot-send-changes-idle-time 0
      eglot-sync-connect nil
      eglot-confirm-server-initiated-edits nil)
(add-hook 'mcl-mode-hook #'eglot-ensure)
(find-file "site.mcl")
(client-check "the mode" (eq major-mode 'mcl-mode))

(font-lock-ensure)
(client-go "$gree")
(client-check "the colour of a variable" (eq (get-text-property (point) 'face) 'font-lock-variable-name-face))
(client-go "# com")
(client-check "the colour of a comment" (eq (get-text-property (point) 'face) 'font-lock-comment-face))
(let ((before (buffer-string)))
  (indent-region (point-min) (point-max))
  (client-check "indentation" (equal (buffer-string) before)))

;; What a user's next command does.
(run-hooks 'post-command-hook)
(client-wait "the server" #'eglot-current-server)
(client-wait "the buffer to be managed" #'eglot-managed-p)

(client-go "$greeting,")
(backward-char 3)
(let ((found (xref-backend-definitions 'eglot "LSP identifier at point.")))
  (client-check "one definition" (= (length found) 1))
  (client-check "its line" (= (xref-location-line (xref-item-location (car found))) 1)))

(let* ((completion (eglot-completion-at-point))
       (table (nth 2 completion))
       (prefix (buffer-substring (nth 0 completion) (nth 1 completion))))
  (client-check "completion" (member "$greeting" (all-completions prefix table))))

(eglot-rename "welcome")
(client-check "renaming"
              (equal (buffer-substring (point-min) (progn (goto-char (point-min)) (line-end-position)))
                     "$welcome = \"hello\""))
(client-go "content")
(client-check "renaming of the use" (looking-at " => \\$welcome,"))

(client-go "$welcome =")
(insert "    ")
(eglot-format-buffer)
(client-check "formatting" (progn (goto-char (point-min)) (looking-at "\\$welcome = \"hello\"$")))

(client-go "=> $welcome")
;; Without a screen Emacs is never idle, and saving sends what was typed.
(insert "x")
(save-buffer)
(let ((found (client-wait "diagnostics" #'flymake-diagnostics)))
  (client-check "what is wrong" (string-match-p "\\$welcomex" (flymake-diagnostic-text (car found)))))
(delete-char -1)
(save-buffer)
(client-wait "diagnostics to go" (lambda () (null (flymake-diagnostics))))

(eglot-shutdown (eglot-current-server))
(message "ok the test reaches its end")

;;; client.el ends here
