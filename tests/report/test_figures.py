from roadsigns.report import figures


def test_figures_that_are_unknown_are_none(own_classes):
    found = figures.of(*own_classes, None)
    assert found["corruptions"] is None and found["by_size"] is None
    assert found["class_accuracies"][3] is None and found["model"] == "own"
    assert found["wrong"] == 1, "picture of label 5 alone is named another class"


def test_a_model_compared_with_itself_does_not_differ(subject):
    same = figures.compared(subject, subject)
    assert same == {
        "only_first_right": 0,
        "only_second_right": 0,
        "both_right": 82,
        "both_wrong": 4,
        "mcnemar_p": 1,
    }
