import unittest

from prices import shown, total


class Prices(unittest.TestCase):
    def test_a_total_is_the_sum(self):
        self.assertEqual(total([250, 199]), 449)

    def test_an_amount_has_two_digits_after_the_point(self):
        self.assertEqual(shown(1205), "12.05")
