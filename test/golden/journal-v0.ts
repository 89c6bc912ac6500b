/** A journal of segment format 0, frame format 0, record version 0: raw deflate, base64; and what it replays to. */
export const GOLDEN_V0_SEGMENT =
  '7dhNiFVlHAfg/52rzvjRODpqfoS0iaxItE0uLLogiaAiSii0NCgIKihq0aIBF4kLFwohgjJEuYg+NBBqMeQuF4q6cVoW3MQI' +
  'o00oLrp2Zs6r95x7VLJ7xhbPA5cz78x7z+/9POfM2bll++aXd7e2RkSsfezXF5+OaY2uzx3F0rTPBtd/MzsAAACA/691jYjW' +
  'E5NPNUr/9198/dXxY8/PKdQ9PbHz/PzSm4Cre3vrZcrvEfqlmR8H8mNVO6Orztz7+Lf5JyPi9wtjV5ql/n33ZrEd2Vi9f+i3' +
  'sUap3eV6Sau1Y+uzr+zaVPX79HP3n1Pu33eGonp+mxGtH3YNzyp9b82+Yjuytr5wbfyPdLJUf/zt6vYO1rQeU356o7T/3er8' +
  'oZryU79T4jsfFPMHS/MQv/w1u1FDfhrfPR8W84dKa2L/6H0WwAPmp/F96aOZzU/znjZmeZ2WrwM37zYvD+hkM+Lc4cub55X2' +
  'y9jxYjuyvbJybPj6nHxMUv2Rj3vbuygiPm9HvDZ1rkY/hytSfrou3zjQm784Ir5sRzxXU3429gvy8s8H797/1dP5jTryH8nL' +
  'Zw9V9//U7fEfqCV/OK2fT3rzRyPiSDtiTY39X5iXjxztzV+S3afbESNPZvnNWvJH8nJ5n2SW/jM+B9sRnU5nYb/7v24g4q1n' +
  'VmxbVNqvj39dbEe2V69PfnVpKG9vqv/Gp9XXl9H8uKzrvMfaERv/Y3sH88/ivLzjRHX+stJzVr+k/NS/DV/MbP68rjUZFfNU' +
  '+/PuQMSPkxPtpV33kayPZyaK7cjWynurZm2c37WGp+5/3977ebcZ/b0fput7mo8/T/fmdzqdzpn29Lz2+/o+N89/NC//9P3M' +
  'zteCfL0uz8vleQIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4OG6BQ==';
/** The state is that of the golden journal of format 1. */
export const GOLDEN_V0_OUTPUT_HASH = 'b03116f24dbdc57b';
