/** A journal of segment format 1.0, frame format 1, record version 1: raw deflate, base64; and what it replays to. */
export const GOLDEN_SEGMENT =
  '7dhPSFRRFMfx82Yc/5eaaeNGXARakYwu+gMtHKgksJD+UNCihZn9Q6OIFkUFLbIWLoJMhgwJKogIEyxdBNamiBYtq5XFLKRV' +
  'EEFUNHGbe5o3z4eWPqdF3w8MeJ3L+51373lv3sz2LdtaN++Otzki8v7ZvqcrJc1xvTKyR7+01EaXF+dPe+f4oe6uA53dHZ11' +
  'scamxpgAAAAAAIB/J+aIXBpaH3Wyvvc78qpr79Dg2vysuS8+jUZK7Dd9nT/VMX2e4f0dIShhe7SQHfvVqcycoln8bf6wiLSu' +
  'OXk47FmvsSPpOkKutSr4drbGsfXqfJ3nFY+3t63etWOj3//1b/fbuq4/Mkvhv79hkZ7xyKM8T70NF9J1aF2m1uar116GbL06' +
  'f6jHv96CBepHzY/Yce8J//zCBcrPs/maeOyUf/7vnn73OaLr4bN9c87X9d1z2j9fN723MrMe7l6Zb76ub8u53OZHbL5emNqn' +
  '0+8DaV9d/RjE+g+HRZo+JI4We66X8zfSdWhd5lrZ9DDx1vzyac5d55df9K+3wnW8W0mR/WYNnfnfGTW/xI6/XPbPX+LKv5cU' +
  'aQ4w36x9qR1P9v3Z+deavwPMX2THz6/Mfv4P7Po7Tiiw/MXaP/3++ZWu/IGkSEPA519mxwMJ//ylrvyppEh5vckPB5Zfbsd6' +
  'nXhVufL7kiKpVKosiPOPhUS+9985U+G5Xuvup+vQusy1OhlflSi09er8gzdn3q9q13EHkyIb5llvgc3Xfmy/7Z9f7f2cCYjm' +
  '6/mtu5vb/GJ7RO1H3aecPe+GRMauj9RXuT5HTL9MPM7uF9MrO59EV+jzrs4vHJn5eTcsszyQzfH+rvvxcdQ/P2WZaieS6c/D' +
  'IO7vRTZ/mR2/Hs/tfpXafo3ase5TzvpFREbDb7bWZO1vpl+0LtMr5sU3SgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
  'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA8L/5CQ==';
export const GOLDEN_CONTROL =
  '7dexEURQAEXRtzSxsQL0wBiR6M9INKQPmWoUoBmBjbYD5pzk1nDLOMyl66c6SXuszTe3z18BAACA5yq//6+SnNu+xP8DAADA' + '61w=';
export const GOLDEN_STATE_HASH = 'b2aae2fc283ef4ae';
export const GOLDEN_OUTPUT_HASH = '4b896e6158a47fb8';
