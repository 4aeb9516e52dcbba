"""What if: levers on the calibrated country, and the bands that follow."""
