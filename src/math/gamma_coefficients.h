static const double sn_lgamma_near_2_f32[] = {
    -0x1.f88cfa0000000p-5,
    -0x1.9ae6420000000p-4,
    0x1.0e0bb60000000p-5,
    -0x1.95e1ca0000000p-7,
    0x1.480e9c0000000p-8,
    -0x1.1072520000000p-9,
    0x1.d0afe00000000p-11,
    -0x1.22505e0000000p-11,
    0x1.504da40000000p-13,
    0x1.62cb680000000p-13,
    0x1.0366640000000p-12,
};
static const double sn_lgamma_near_2_f64[] = {
    -0x1.f88cfc6fb618fp-5,
    -0x1.9ae6509ea10a3p-4,
    0x1.0e0c9df2934afp-5,
    -0x1.95ce223a9b20fp-7,
    0x1.47974853c5df8p-8,
    -0x1.145121fb0428ap-9,
    0x1.dfebcf67fc8dfp-11,
    -0x1.a96a3f0a3f2d0p-12,
    0x1.7ed741ac3cf58p-13,
    -0x1.5c86e1a62f5fcp-14,
    0x1.402c1da492119p-15,
    -0x1.284e7b9806d3ap-16,
    0x1.14431a899ce72p-17,
    -0x1.01c1e860d2c6fp-18,
    0x1.d77e77e8e1887p-20,
    -0x1.efed6b02cac5ep-21,
    0x1.1855d7fa4ba9ap-21,
    0x1.d8cefb236ea5cp-24,
    0x1.4f4831b0f9c55p-24,
    -0x1.4ab04e86c71e4p-21,
    -0x1.e996c2964904dp-22,
    0x1.fa9b2cf183528p-23,
    0x1.5369921584b17p-21,
    0x1.a29d89f9e10e9p-22,
    0x1.88441643b1760p-24,
};
static const double sn_lgamma_stirling_f32[] = {
    0x1.5555540000000p-4,
    -0x1.6c06a60000000p-9,
    0x1.97b7480000000p-11,
    -0x1.b08c7c0000000p-12,
};
static const double sn_lgamma_stirling_f64[] = {
    0x1.5555555555554p-4,
    -0x1.6c16c16c05accp-9,
    0x1.a01a013dc6c8bp-11,
    -0x1.381348ef7ca9cp-11,
    0x1.b940db2527659p-11,
    -0x1.f518a37eb18f3p-10,
    0x1.97b8e7264130ep-8,
    -0x1.9eca553195e69p-6,
    0x1.ba0843853fdf4p-4,
    -0x1.9d9a3c054eb9ap-2,
    0x1.236e77979c65dp+0,
    -0x1.061ea11875a95p+1,
    0x1.b94d88a0ac83cp+0,
};
#define SN_LGAMMA_C1_F32 0x1.a000000000000p-1
#define SN_LGAMMA_C2_F32 0x1.07fee80000000p-1
#define SN_LGAMMA_C1_F64 0x1.3000000000000p-1
#define SN_LGAMMA_C2_F64 0x1.6941df330699cp-1
#define SN_LGAMMA_R 0x1.f000000000000p-2
static const double sn_log_pi_f32[] = {0x1.250d040000000p+0, 0x1.1cf4380000000p-25};
static const double sn_log_pi_f64[] = {0x1.250d048e7a1bdp+0, 0x1.7abf2ad8d5088p-57};
static const double sn_54_ln2_f32[] = {0x1.2b70880000000p+5, 0x1.c8c8380000000p-21};
static const double sn_54_ln2_f64[] = {0x1.2b708872320e2p+5, -0x1.570da7e077bcbp-50};
static const double sn_gamma_f32[] = {
    0x1.5555520000000p-4,
    -0x1.6be67c0000000p-9,
    0x1.8f96400000000p-11,
    -0x1.7064be0000000p-12,
};
static const double sn_gamma_f64[] = {
    0x1.5555555555553p-4,
    -0x1.6c16c16bf35ecp-9,
    0x1.a01a00f040968p-11,
    -0x1.381329c4bc258p-11,
    0x1.b93aaac822f19p-11,
    -0x1.f4c2b76dfd116p-10,
    0x1.967956491c890p-8,
    -0x1.9d2e545736c56p-6,
    0x1.c0283e4243960p-4,
    -0x1.c01f26d0eeb52p-2,
    0x1.7267ea87fd66bp+0,
    -0x1.d171b9c1ee6cap+1,
    0x1.9865899293538p+2,
    -0x1.b92be96871221p+2,
    0x1.b71a0caa45e10p+1,
};
static const double sn_gamma_factor_f32[] = {0x1.8535740000000p+0, 0x1.6a9e560000000p-26};
static const double sn_gamma_factor_f64[] = {0x1.8535745aa7957p+0, -0x1.aa191844fc311p-54};
static const double sn_gamma_reflection_f32[] = {-0x1.087eac0000000p+1, 0x1.66e3de0000000p-25};
static const double sn_gamma_reflection_f64[] = {-0x1.087eaba64708ap+1, -0x1.177031e6ed67fp-54};
static const double sn_digamma_near_root_f32[] = {
    -0x1.9313ba0000000p-4,
    -0x1.7aa6480000000p-2,
    0x1.8ab1300000000p-3,
    -0x1.bf46700000000p-4,
    0x1.07240e0000000p-4,
    -0x1.3bb1720000000p-5,
    0x1.82652c0000000p-6,
    -0x1.d93b740000000p-7,
    0x1.fd75e80000000p-8,
    -0x1.2f49f20000000p-8,
    0x1.596b920000000p-8,
    -0x1.b9bb920000000p-9,
};
static const double sn_digamma_near_root_f64[] = {
    -0x1.9313b9e330f38p-4,
    -0x1.7aa649cce5856p-2,
    0x1.8ab0d9438df9cp-3,
    -0x1.bf4556b33bd76p-4,
    0x1.0738222bc763fp-4,
    -0x1.3bdd9fa2ab1adp-5,
    0x1.7f10ac381ada5p-6,
    -0x1.d35ab38b27205p-7,
    0x1.1e17d3dcd34d1p-7,
    -0x1.5efe392ab6603p-8,
    0x1.af26e69aacad3p-9,
    -0x1.0902f51538795p-9,
    0x1.45ee88c227e84p-10,
    -0x1.90dd573aaa929p-11,
    0x1.ed2e6d6aa8b9cp-12,
    -0x1.3092f0be03e06p-12,
    0x1.77412ccd0328bp-13,
    -0x1.bccf05ee145b3p-14,
    0x1.0f64e62b11405p-14,
    -0x1.a397ed53f7799p-15,
    0x1.0a184e6841fd7p-15,
    -0x1.a0a8ee795d491p-19,
    0x1.0aaa75869cab7p-20,
    -0x1.0aa4ca3f404e0p-16,
    0x1.554db345de307p-17,
};
static const double sn_digamma_series_f32[] = {
    0x1.55554c0000000p-4,
    -0x1.10db040000000p-7,
    0x1.f0b9a80000000p-9,
    -0x1.3d1a400000000p-9,
};
static const double sn_digamma_series_f64[] = {
    0x1.5555555555550p-4,
    -0x1.11111110f62d4p-7,
    0x1.041040afd8733p-8,
    -0x1.1110dc5716442p-8,
    0x1.f06a8760969f8p-8,
    -0x1.58adbd886a0b9p-6,
    0x1.4d4244e4871f9p-4,
    -0x1.91cc34ced1a93p-2,
    0x1.05a6b36da6e83p+1,
    -0x1.3f33e0f3698b1p+3,
    0x1.45e92ecbaeb8fp+5,
    -0x1.fdf96dada0ef9p+6,
    0x1.1804d09fefa4cp+8,
    -0x1.7bcc57441611bp+8,
    0x1.db9c924d3bce4p+7,
};
static const double sn_digamma_root_f32[] = {0x1.d8b6180000000p-2, 0x1.9d8e3c0000000p-27};
static const double sn_digamma_root_f64[] = {0x1.d8b618d5af8fep-2, -0x1.1514854803b2fp-56};
static const double sn_digamma_pi_f32[] = {0x1.921fb60000000p+1, -0x1.777a5c0000000p-24};
static const double sn_digamma_pi_f64[] = {0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};
