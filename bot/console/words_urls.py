"""The addresses of the pages of local words, of guides in Excel, and of recorded sentences."""

from django.urls import path

from bot.console import guide_files, local_words, recordings

urlpatterns = [
    path("knowledge/words/", local_words.words, name="staff-local-words"),
    path("knowledge/words/try", local_words.tried, name="staff-local-words-try"),
    path("knowledge/words/new", local_words.new, name="staff-local-words-new"),
    path("knowledge/words/<int:term_id>/", local_words.word, name="staff-local-word"),
    path("knowledge/words/<int:term_id>/save", local_words.change, name="staff-local-word-change"),
    path(
        "knowledge/words/<int:term_id>/retire", local_words.retire, name="staff-local-word-retire"
    ),
    path("knowledge/files/", guide_files.files, name="staff-guide-files"),
    path("knowledge/files/export.xlsx", guide_files.export, name="staff-guide-files-export"),
    path("knowledge/files/upload", guide_files.upload, name="staff-guide-files-upload"),
    path("knowledge/files/preview/", guide_files.preview, name="staff-guide-files-preview"),
    path("knowledge/files/confirm", guide_files.confirm, name="staff-guide-files-confirm"),
    path("knowledge/files/cancel", guide_files.cancel, name="staff-guide-files-cancel"),
    path("prompts/", recordings.recordings, name="staff-recordings"),
    path("prompts/<slug:prompt_id>.wav", recordings.sound, name="staff-recording-sound"),
    path("prompts/<slug:prompt_id>/store", recordings.store, name="staff-recording-store"),
    path("prompts/<slug:prompt_id>/remove", recordings.remove, name="staff-recording-remove"),
]
