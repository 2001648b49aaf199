import numpy as np

from by_heart import classifier
from roadsigns.report import Subject, markup, mistakes


def test_worst_mistakes_are_the_surest_ones_and_few_of_a_kind(study):
    subject = Subject("all 0", lambda pictures: np.eye(43, dtype=np.float32)[[0] * len(pictures)], study)
    found = mistakes.worst(subject)
    assert len(found) == mistakes.WORST and not subject.right[found].any()
    assert np.bincount(study.labels[found]).max() <= mistakes.ALIKE
    subject.probabilities[50] *= 0.5
    sharper = Subject("fresh", lambda pictures: subject.probabilities[: len(pictures)], study)
    assert 50 not in mistakes.worst(sharper)


def test_looked_at_are_mistakes_and_right_answers_of_unlike_classes(study, subject):
    found = mistakes.looked_at(subject)
    assert sorted(found[:4]) == [0, 1, 2, 3] and subject.right[found[4:]].all()
    assert len(found) == len(set(study.labels[found[4:]])) + 4 == mistakes.LOOKED_AT
    assert mistakes.looked_at(subject) == found


def test_a_card_shows_the_right_class_the_named_one_and_marks_the_right_guess(study):
    answers = study.labels.copy()
    answers[study.labels == 14] = 13
    text = mistakes.mistakes(study, Subject("x", classifier(study.images, answers), study), markup.Signs(study))
    assert text.count("<article") == 2, "both stop signs"
    card = text.split("<article")[1]
    header, guesses = card.split("</header>")
    assert header.index("Stop") < header.index("is named") < header.index("Yield")
    assert guesses.count("<li") == 5 and "90.0 %" in guesses


def test_differences_by_hand(study, subject, other):
    text = mistakes.differences(study, (subject, other), markup.Signs(study))
    assert "Only first is right (14)" in text and "Only second &amp; other is right (3)" in text
    assert text.count("<figure") == mistakes.DIFFERENT + 3
